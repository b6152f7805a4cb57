MODEL (
  name bronze.post_parcels,
  kind EMBEDDED,
  grain _airbyte_raw_id,
  owner 'post@example.com',
  description 'Stream parcels of connection post as it arrived: every version of a parcel, at least once.'
);

@bronze(
  'post/parcels', 'each_load',
  'order_id BIGINT',         -- Order; NULL for parcels without one.
  'parcel TEXT',             -- Parcel of the order; NULL where there is one only.
  'depot TEXT',              -- Depot that has it; NULL before it is known.
  'sent_at TIMESTAMPTZ',     -- When it was sent; NULL before.
  'cost DOUBLE',             -- Postage; NULL before it is known.
  'deleted_at TIMESTAMPTZ'   -- When the carrier deleted the row; NULL for one that stands.
)
