MODEL (
  name gold.tickets,
  kind INCREMENTAL_BY_PARTITION,
  partitioned_by opened_month,
  grain ticket_id,
  owner 'support@example.com',
  description 'Tickets, each in its newest version.',
  audits (unique_values(columns := (ticket_id)), not_null(columns := (ticket_id, opened_month)))
);

SELECT
  ticket_id,                                                                  -- Ticket.
  order_id,                                                                   -- Order it is about; NULL for general questions.
  opened_at,                                                                  -- When it was opened, UTC.
  opened_at::DATE AS opened_day,                                              -- Day it was opened.
  closed_at,                                                                  -- When it was closed, UTC; NULL while it is open.
  DATE_DIFF('hour', opened_at, closed_at)::BIGINT AS hours_open,              -- Hours until it was closed; NULL while it is open.
  topic,                                                                      -- delivery, refund or product; NULL where nobody has sorted it.
  score,                                                                      -- Stars the customer gave, 1 to 5; NULL where none were given.
  opened_month                                                                -- First day of the month of opened_at: the partition.
FROM @newest_versions(silver.ticket_versions, opened_month, ticket_id) AS newest;

@drop_emptied_partitions(silver.ticket_versions, opened_month, ticket_id)
