AUDIT (
  name products_are_listed
);

-- Days on which something was sold that no product list has: kept, marked, and said.
SELECT * FROM @this_model WHERE department = 'UNKNOWN'
