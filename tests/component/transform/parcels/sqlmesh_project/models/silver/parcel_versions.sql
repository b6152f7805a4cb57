MODEL (
  name silver.parcel_versions,
  kind INCREMENTAL_BY_PARTITION,
  partitioned_by load_id,
  grain (order_id, parcel, load_id),
  owner 'post@example.com',
  description 'Every version of a parcel that a load brought; one partition for each load.',
  audits (unique_combination_of_columns(columns := (order_id, parcel, load_id)))
);

SELECT
  order_id::BIGINT AS order_id,
  parcel::TEXT AS parcel,
  depot::TEXT AS depot,
  sent_at::TIMESTAMP AS sent_at,
  cost::DECIMAL(18, 2) AS cost,
  deleted_at::TIMESTAMP AS deleted_at,
  load_id::BIGINT AS load_id
FROM bronze.post_parcels
QUALIFY
  ROW_NUMBER() OVER (
    PARTITION BY order_id, parcel, load_id ORDER BY _airbyte_extracted_at DESC, _airbyte_raw_id DESC
  ) = 1;

@drop_emptied_loads('post/parcels')
