MODEL (
  name gold.households,
  kind FULL,
  grain household_id,
  owner 'retail-data@example.com',
  description 'Every household that ever bought, with the answers it gave; two thirds gave none.',
  audits (
    not_null(columns := (household_id, income)),
    unique_values(columns := (household_id))
  )
);

WITH buyers AS (
  SELECT DISTINCT household_id FROM silver.sales_lines
)
SELECT
  buyer.household_id,  -- Loyalty household.
  COALESCE(household.age, 'Unknown')::TEXT AS age,  -- Age band of the head of the household; Unknown without an answer.
  COALESCE(household.income, 'Unknown')::TEXT AS income,  -- Band of yearly income, thousands of dollars; Unknown without an answer.
  COALESCE(household.home_ownership, 'Unknown')::TEXT AS home_ownership,  -- Owner or renter, as answered or probable; Unknown without an answer.
  COALESCE(household.marital_status, 'Unknown')::TEXT AS marital_status,  -- Married or Unmarried; Unknown without an answer.
  COALESCE(household.household_size, 'Unknown')::TEXT AS household_size,  -- Persons, up to 5+; Unknown without an answer.
  COALESCE(household.household_comp, 'Unknown')::TEXT AS household_comp,  -- Adults and kids in words; Unknown without an answer.
  COALESCE(household.kids_count, 'Unknown')::TEXT AS kids_count  -- Kids, up to 3+; Unknown without an answer.
FROM buyers AS buyer
LEFT JOIN silver.households AS household ON household.household_id = buyer.household_id
