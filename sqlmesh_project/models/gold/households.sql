MODEL (
  name gold.households,
  kind FULL,
  grain household_id,
  owner 'retail-data@example.com',
  description 'Every household that ever bought, with what it told about itself; two thirds told nothing.',
  audits (
    not_null(columns := (household_id, income)),
    unique_values(columns := (household_id))
  ),
  column_descriptions (
    household_id = 'Loyalty household.',
    age = 'Age band of the head of the household; Unknown where none was told.',
    income = 'Band of yearly income, thousands of dollars; Unknown where none was told.',
    home_ownership = 'Owner or renter, as told or probable; Unknown where none was told.',
    marital_status = 'Married or Unmarried; Unknown where none was told.',
    household_size = 'Persons, up to 5+; Unknown where none was told.',
    household_comp = 'Adults and kids in words; Unknown where none was told.',
    kids_count = 'Kids, up to 3+; Unknown where none was told.'
  )
);

WITH buyers AS (
  SELECT DISTINCT household_id FROM silver.sales_lines
)
SELECT
  buyer.household_id,
  COALESCE(told.age, 'Unknown')::TEXT AS age,
  COALESCE(told.income, 'Unknown')::TEXT AS income,
  COALESCE(told.home_ownership, 'Unknown')::TEXT AS home_ownership,
  COALESCE(told.marital_status, 'Unknown')::TEXT AS marital_status,
  COALESCE(told.household_size, 'Unknown')::TEXT AS household_size,
  COALESCE(told.household_comp, 'Unknown')::TEXT AS household_comp,
  COALESCE(told.kids_count, 'Unknown')::TEXT AS kids_count
FROM buyers AS buyer
LEFT JOIN silver.households AS told ON told.household_id = buyer.household_id
