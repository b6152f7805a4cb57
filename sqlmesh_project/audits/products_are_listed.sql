AUDIT (
  name products_are_listed
);

-- Days on which something was sold that no product list has.
SELECT * FROM @this_model WHERE department = 'UNKNOWN'
