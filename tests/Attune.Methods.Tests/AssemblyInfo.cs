// libtorch uses every core by itself, and counts of live tensors are counts of the process.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
