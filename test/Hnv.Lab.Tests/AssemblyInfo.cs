using Hnv.Lab.Tests;

// Labs share two cores with the agents and controllers they start: one scenario at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: AssemblyFixture(typeof(Leftovers))]
