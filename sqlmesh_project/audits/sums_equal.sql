AUDIT (
  name sums_equal
);

-- The sum of @measure is the same in this model and in @other: nothing lost, nothing twice.
SELECT here.total AS here, there.total AS there
FROM (SELECT SUM(@measure) AS total FROM @this_model) AS here
CROSS JOIN (SELECT SUM(@measure) AS total FROM @other) AS there
WHERE here.total IS DISTINCT FROM there.total
