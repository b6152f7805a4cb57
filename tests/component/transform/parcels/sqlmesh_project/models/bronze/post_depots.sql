MODEL (
  name bronze.post_depots,
  kind EMBEDDED,
  grain _airbyte_raw_id,
  owner 'post@example.com',
  description 'Stream depots of connection post as it arrived: the whole list of the newest sync.'
);

@bronze(
  'post/depots', 'latest_load',
  'depot TEXT',  -- Depot.
  'region TEXT'  -- Its region.
)
