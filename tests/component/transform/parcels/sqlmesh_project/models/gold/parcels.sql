MODEL (
  name gold.parcels,
  kind VIEW,
  grain (order_id, parcel),
  owner 'post@example.com',
  tags (partitioned_by_depot),
  description 'Parcels that stand, with the region of their depot.',
  audits (unique_combination_of_columns(columns := (order_id, parcel)))
);

SELECT
  p.order_id,
  p.parcel,
  p.sent_at,
  p.cost,
  d.region,
  p.depot
FROM silver.parcels AS p
LEFT JOIN silver.depots AS d ON d.depot = p.depot
