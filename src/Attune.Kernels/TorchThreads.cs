using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace Attune.Kernels;

/// <summary>
/// Runs loops on libtorch's own threads. Kernels that alternate with tensor operations must not bring threads of their own: libtorch's
/// wait for their next operation by spinning, and two pools then fight for the same processors. Where libtorch's threads
/// cannot be reached (it is not built on GNU OpenMP), .NET's are used.
/// </summary>
public static unsafe class TorchThreads
{
    private static readonly delegate* unmanaged[Cdecl]<delegate* unmanaged[Cdecl]<nint, void>, nint, uint, uint, void> Fork = FindFork();

    // What is done sooner than other threads can be asked: about 5 microseconds of vector instructions.
    private const long Alone = 1 << 15;

    /// <summary>Runs body(0) to body(count - 1), in any order and at once; returns when all are done.</summary>
    /// <param name="work">Numbers touched in all; a little is done by the caller alone.</param>
    /// <param name="body">Must not depend on the order. The first exception one of them throws is thrown here.</param>
    public static void For(int count, long work, Action<int> body)
    {
        var workers = work < Alone ? 1 : Math.Min(count, torch.get_num_threads());
        if (workers <= 1)
        {
            for (var i = 0; i < count; i++)
            {
                body(i);
            }
        }
        else if (Fork is null)
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = workers }, body);
        }
        else
        {
            var job = new Job(count, body);
            var handle = GCHandle.Alloc(job);
            Fork(&Enter, GCHandle.ToIntPtr(handle), (uint)workers, 0);
            handle.Free();
            job.Rethrow();
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Enter(nint job) => ((Job)GCHandle.FromIntPtr(job).Target!).Work();

    /// <summary>GNU OpenMP's fork and join, of the very library that libtorch has loaded.</summary>
    private static delegate* unmanaged[Cdecl]<delegate* unmanaged[Cdecl]<nint, void>, nint, uint, uint, void> FindFork()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        torch.get_num_threads(); // loads libtorch, and OpenMP with it
        foreach (var line in File.ReadLines("/proc/self/maps"))
        {
            var path = line.IndexOf('/', StringComparison.Ordinal) is var start and >= 0 ? line[start..] : "";
            if (
                Path.GetFileName(path).StartsWith("libgomp", StringComparison.Ordinal)
                && NativeLibrary.TryLoad(path, out var library)
                && NativeLibrary.TryGetExport(library, "GOMP_parallel", out var fork)
            )
            {
                return (delegate* unmanaged[Cdecl]<delegate* unmanaged[Cdecl]<nint, void>, nint, uint, uint, void>)fork;
            }
        }

        return null;
    }

    private sealed class Job(int count, Action<int> body)
    {
        private int _next;
        private Exception? _failure;

        public void Work()
        {
            try
            {
                for (var i = Interlocked.Increment(ref _next) - 1; i < count; i = Interlocked.Increment(ref _next) - 1)
                {
                    body(i);
                }
            }
#pragma warning disable CA1031 // An exception of any kind must reach the caller's thread: native frames lie between.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                Interlocked.CompareExchange(ref _failure, failure, null);
            }
        }

        public void Rethrow()
        {
            if (_failure is { } failure)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
            }
        }
    }
}
