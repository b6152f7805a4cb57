MODEL (
  name bronze.grocery_households,
  kind EMBEDDED,
  grain _airbyte_raw_id,
  owner 'retail-data@example.com',
  description 'Stream households of connection grocery as it arrived: the answers that a third of them gave, of the newest sync.'
);

@bronze(
  'grocery/households', 'latest_load',
  'household_id BIGINT',  -- Loyalty household.
  'age TEXT',             -- Age band of the head of the household.
  'income TEXT',          -- Band of yearly income, thousands of dollars.
  'home_ownership TEXT',  -- Owner or renter, as answered or probable.
  'marital_status TEXT',  -- Married or Unmarried.
  'household_size TEXT',  -- Persons, up to 5+.
  'household_comp TEXT',  -- Adults and kids in words.
  'kids_count TEXT'       -- Kids, up to 3+.
)
