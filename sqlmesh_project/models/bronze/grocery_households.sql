MODEL (
  name bronze.grocery_households,
  kind EMBEDDED,
  grain _airbyte_raw_id,
  owner 'retail-data@example.com',
  description 'Stream households of connection grocery as it arrived: what a third of them told about themselves, of the newest sync.',
  column_descriptions (
    household_id = 'Loyalty household.',
    age = 'Age band of the head of the household.',
    income = 'Band of yearly income, thousands of dollars.',
    home_ownership = 'Owner or renter, as told or probable.',
    marital_status = 'Married or Unmarried.',
    household_size = 'Persons, up to 5+.',
    household_comp = 'Adults and kids in words.',
    kids_count = 'Kids, up to 3+.',
    _airbyte_extracted_at = 'When the connector read the row.',
    _airbyte_raw_id = 'Unique to each row sent, also to one sent twice.',
    load_id = 'Load that admitted the row: its slot in the ledger.'
  )
);

@bronze(
  'grocery/households', 'latest_load',
  'household_id BIGINT',
  'age TEXT',
  'income TEXT',
  'home_ownership TEXT',
  'marital_status TEXT',
  'household_size TEXT',
  'household_comp TEXT',
  'kids_count TEXT'
)
