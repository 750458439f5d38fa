// Machines of the tests share two cores: one scenario at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
