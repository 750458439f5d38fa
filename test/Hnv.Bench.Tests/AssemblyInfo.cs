// Benchmarks make namespaces and traffic: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
