using Attune.Kernels;
using TorchSharp;

namespace Attune.Numerics;

/// <summary>
/// Where a tensor's numbers lie, for kernels that read and write them in place. Such kernels run between libtorch's operations, so the
/// first use of this class puts them on libtorch's threads (<see cref="ParallelLoop"/>).
/// </summary>
public static unsafe class TensorMemory
{
    static TensorMemory()
    {
        ParallelLoop.ThreadCount = torch.get_num_threads;
        torch.get_num_threads(); // loads libtorch, and OpenMP with it
        ParallelLoop.UseOpenMp();
    }

    /// <summary>
    /// The address of the first element. It holds while the tensor lives, because libtorch's memory does not move; the caller keeps
    /// the tensor alive.
    /// </summary>
    /// <param name="tensor">Contiguous, on the CPU.</param>
    public static void* Start(torch.Tensor tensor)
    {
        // Of the first element alone: a span over more than 2 GB cannot be made.
        using var first = tensor.as_strided([1], [1], tensor.storage_offset());
        fixed (byte* address = first.bytes)
        {
            return address;
        }
    }
}
