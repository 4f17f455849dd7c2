using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Attune.Kernels;

/// <summary>
/// Runs the kernels' loops on several threads: on .NET's own, until <see cref="UseOpenMp"/> finds a GNU OpenMP in the process. Kernels that
/// alternate with another library's operations must share that library's threads, because these spin while they wait for their next
/// operation, and two pools would fight for the same processors.
/// </summary>
public static unsafe class ParallelLoop
{
    // Work below this is done before other threads could be woken: about 5 microseconds of vector instructions.
    private const long TooSmall = 1 << 15;

    private static delegate* unmanaged[Cdecl]<delegate* unmanaged[Cdecl]<nint, void>, nint, uint, uint, void> _fork;

    /// <summary>How many threads a loop may use, the caller's included; asked at every loop. By default the number of processors.</summary>
    public static Func<int> ThreadCount { get; set; } = static () => Environment.ProcessorCount;

    /// <summary>Whether loops run on the threads of GNU OpenMP.</summary>
    public static bool IsOpenMp => _fork is not null;

    /// <summary>
    /// Lets loops run on the threads of the GNU OpenMP that another library has loaded. Where there is none (another system, another
    /// OpenMP), .NET's threads are used.
    /// </summary>
    public static void UseOpenMp() => _fork = FindFork();

    /// <summary>Runs body(0) to body(count - 1), in any order and at once; returns when all are done.</summary>
    /// <param name="work">Numbers read or written in all; the caller does small work alone.</param>
    /// <param name="body">Must not depend on the order. The first exception that it throws is thrown here.</param>
    public static void For(int count, long work, Action<int> body)
    {
        var workers = work < TooSmall ? 1 : Math.Min(count, ThreadCount());
        if (workers <= 1)
        {
            for (var i = 0; i < count; i++)
            {
                body(i);
            }
        }
        else
        {
            var job = new Job(count, body);
            Run(job, workers);
            job.Rethrow();
        }
    }

    private static void Run(Job job, int workers)
    {
        if (_fork is null)
        {
            Parallel.For(0, workers, _ => job.Work());
            return;
        }

        var handle = GCHandle.Alloc(job);
        _fork(&Enter, GCHandle.ToIntPtr(handle), (uint)workers, 0);
        handle.Free();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Enter(nint job) => ((Job)GCHandle.FromIntPtr(job).Target!).Work();

    /// <summary>Fork and join of the very GNU OpenMP that is loaded already.</summary>
    private static delegate* unmanaged[Cdecl]<delegate* unmanaged[Cdecl]<nint, void>, nint, uint, uint, void> FindFork()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

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
