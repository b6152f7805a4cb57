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
  ticket_id,
  order_id,
  opened_at,
  opened_at::DATE AS opened_day,                                  -- Day it was opened.
  closed_at,
  DATE_DIFF('hour', opened_at, closed_at)::BIGINT AS hours_open,  -- Hours until it was closed; NULL while it is open.
  topic,
  score,
  opened_month
FROM @newest_versions(silver.ticket_versions, opened_month, ticket_id) AS newest;

@drop_emptied_partitions(silver.ticket_versions, opened_month, ticket_id)
