using Attune.Kernels;
using TorchSharp;

namespace Attune.Numerics.Tests;

public sealed unsafe class TensorMemoryTests
{
    [Fact]
    public void The_address_is_that_of_the_first_element()
    {
        using var scope = torch.NewDisposeScope();
        var tensor = torch.arange(6, torch.ScalarType.Float32).view(2, 3);
        Assert.Equal(4, ((float*)TensorMemory.Start(tensor))[4]);
        Assert.Equal(3, ((float*)TensorMemory.Start(tensor[1]))[0]);
    }

    [Fact]
    public void Kernels_run_on_as_many_threads_as_libtorch_and_on_its_own()
    {
        using var tensor = torch.zeros(1);
        TensorMemory.Start(tensor);
        Assert.Equal(torch.get_num_threads(), ParallelLoop.ThreadCount());
        Assert.SkipUnless(OperatingSystem.IsLinux(), "libtorch is built on GNU OpenMP on Linux.");
        Assert.True(ParallelLoop.IsOpenMp);
        var runs = new int[1000];
        ParallelLoop.For(runs.Length, 1 << 20, i => Interlocked.Increment(ref runs[i]));
        Assert.All(runs, n => Assert.Equal(1, n));
        Assert.Throws<InvalidOperationException>(() => ParallelLoop.For(100, 1 << 20, _ => throw new InvalidOperationException()));
    }
}
