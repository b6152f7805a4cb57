MODEL (
  name silver.ticket_versions,
  kind INCREMENTAL_BY_PARTITION,
  partitioned_by load_id,
  grain (ticket_id, load_id),
  owner 'support@example.com',
  description 'Every version of a ticket that a load brought, typed; one partition for each load.',
  audits (
    not_null(columns := (ticket_id, opened_at), condition := @of_these_loads(load_id)),
    unique_combination_of_columns(columns := (ticket_id, load_id), condition := @of_these_loads(load_id))
  )
);

SELECT
  ticket_id::BIGINT AS ticket_id,
  order_id::BIGINT AS order_id,
  opened_at::TIMESTAMP AS opened_at,
  closed_at::TIMESTAMP AS closed_at,
  topic::TEXT AS topic,
  score::BIGINT AS score,
  DATE_TRUNC('month', opened_at::TIMESTAMP)::DATE AS opened_month,  -- First day of the month of opened_at.
  load_id::BIGINT AS load_id                                        -- Load that brought this version: the partition.
FROM bronze.support_tickets
QUALIFY
  ROW_NUMBER() OVER (
    PARTITION BY ticket_id, load_id ORDER BY updated_at DESC, _airbyte_extracted_at DESC, _airbyte_raw_id DESC
  ) = 1;

@drop_emptied_loads('support/tickets')
