MODEL (
  name bronze.support_tickets,
  kind EMBEDDED,
  grain _airbyte_raw_id,
  owner 'support@example.com',
  description 'Stream tickets of connection support as it arrived: every version of a ticket, at least once.'
);

@bronze(
  'support/tickets', 'each_load',
  'ticket_id BIGINT',        -- Ticket.
  'order_id BIGINT',         -- Order it is about; NULL for general questions.
  'opened_at TIMESTAMPTZ',   -- When it was opened, UTC.
  'closed_at TIMESTAMPTZ',   -- When it was closed, UTC; NULL while it is open.
  'topic TEXT',              -- delivery, refund or product; NULL where nobody has sorted it.
  'score BIGINT',            -- Stars the customer gave, 1 to 5; NULL where none were given.
  'updated_at TIMESTAMPTZ'   -- When the help desk last changed the row.
)
