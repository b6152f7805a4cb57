MODEL (
  name silver.households,
  kind FULL,
  grain household_id,
  owner 'retail-data@example.com',
  description 'Households that gave answers, of the newest sync; blanks as Unknown.',
  audits (
    not_null(columns := (household_id, income)),
    unique_values(columns := (household_id))
  )
);

SELECT
  household_id::BIGINT AS household_id,
  COALESCE(@clean_text(age), 'Unknown')::TEXT AS age,                        -- Age band of the head of the household.
  COALESCE(@clean_text(income), 'Unknown')::TEXT AS income,                  -- Band of yearly income, thousands of dollars.
  COALESCE(@clean_text(home_ownership), 'Unknown')::TEXT AS home_ownership,  -- Owner or renter, as answered or probable.
  COALESCE(@clean_text(marital_status), 'Unknown')::TEXT AS marital_status,  -- Married or Unmarried.
  COALESCE(@clean_text(household_size), 'Unknown')::TEXT AS household_size,  -- Persons, up to 5+.
  COALESCE(@clean_text(household_comp), 'Unknown')::TEXT AS household_comp,  -- Adults and kids in words.
  COALESCE(@clean_text(kids_count), 'Unknown')::TEXT AS kids_count           -- Kids, up to 3+.
FROM bronze.grocery_households
QUALIFY ROW_NUMBER() OVER (PARTITION BY household_id ORDER BY _airbyte_extracted_at DESC, _airbyte_raw_id DESC) = 1
