MODEL (
  name bronze.support_tickets,
  kind EMBEDDED,
  grain _airbyte_raw_id,
  owner 'support@example.com',
  description 'Stream tickets of connection support as it arrived: every version of a ticket, at least once.',
  column_descriptions (
    ticket_id = 'Ticket.',
    order_id = 'Order it is about; NULL for general questions.',
    opened_at = 'When it was opened, UTC.',
    closed_at = 'When it was closed, UTC; NULL while it is open.',
    topic = 'delivery, refund or product; NULL where nobody has sorted it.',
    score = 'Stars the customer gave, 1 to 5; NULL where none were given.',
    updated_at = 'When the help desk last changed the row.',
    _airbyte_extracted_at = 'When the connector read the row.',
    _airbyte_raw_id = 'Unique to each row sent, also to one sent twice.',
    load_id = 'Load that admitted the row.'
  )
);

@bronze(
  'support/tickets', 'each_load',
  'ticket_id BIGINT',
  'order_id BIGINT',
  'opened_at TIMESTAMPTZ',
  'closed_at TIMESTAMPTZ',
  'topic TEXT',
  'score BIGINT',
  'updated_at TIMESTAMPTZ'
)
