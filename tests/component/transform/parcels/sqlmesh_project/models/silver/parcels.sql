MODEL (
  name silver.parcels,
  kind INCREMENTAL_BY_PARTITION,
  partitioned_by depot,
  grain (order_id, parcel),
  owner 'post@example.com',
  description 'Parcels that stand, each in its newest version.',
  audits (unique_combination_of_columns(columns := (order_id, parcel)))
);

SELECT
  order_id,
  parcel,
  sent_at,
  cost,
  depot
FROM @newest_versions(silver.parcel_versions, depot, order_id, parcel) AS newest
WHERE deleted_at IS NULL;

@drop_emptied_partitions(silver.parcel_versions, depot, order_id, parcel)
