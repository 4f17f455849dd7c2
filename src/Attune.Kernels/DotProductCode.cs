using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Attune.Kernels;

/// <summary>
/// The bfloat16 tile kernel as machine code, assembled at start: the runtime has no public intrinsic for VDPBF16PS, which
/// multiplies 32 pairs and adds them to 16 sums, twice the work of a fused multiply-add. One routine for each number of rows
/// and of lines to fetch. Encodings: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, section 2.7 (EVEX).
/// </summary>
internal sealed unsafe partial class DotProductCode
{
    private const int LineChoices = 4; // 0, 1, 2 and 4 lines

    private readonly nint[] _routines;

    private DotProductCode(nint[] routines) => _routines = routines;

    /// <summary>Null where processor or system cannot: no AVX512_BF16, another calling convention, or no memory that may be run.</summary>
    internal static DotProductCode? Create()
    {
        if (!OperatingSystem.IsLinux() || !Avx512F.IsSupported || !HasBFloat16())
        {
            return null;
        }

        var code = new List<byte>();
        var starts = new List<int>();
        for (var rows = 1; rows <= Gemm.TileRows; rows++)
        {
            foreach (var lines in (int[])[0, 1, 2, 4])
            {
                starts.Add(code.Count);
                code.AddRange(new TileAssembler().Assemble(rows, lines));
            }
        }

        return Executable([.. code]) is { } memory ? new DotProductCode([.. starts.Select(start => memory + start)]) : null;
    }

    /// <param name="bytes">From row to row of the activations.</param>
    internal void Run(float* activations, nint bytes, int rows, float* panel, int steps, float* tile, Prefetch fetch)
    {
        var routine = _routines[(rows - 1) * LineChoices + (fetch.LinesPerStep == 4 ? 3 : fetch.LinesPerStep)];
        // A routine takes microseconds, waits for nothing and touches no managed object, so the collector need not know of it.
        ((delegate* unmanaged[SuppressGCTransition]<float*, nint, float*, nint, float*, float*, void>)routine)(
            activations,
            bytes,
            panel,
            steps,
            tile,
            fetch.From
        );
    }

    /// <summary>CPUID leaf 7, subleaf 1, EAX bit 5.</summary>
    private static bool HasBFloat16() =>
        X86Base.CpuId(0, 0).Eax >= 7 && X86Base.CpuId(7, 0).Eax >= 1 && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;

    /// <summary>A copy of the code that may be run and no longer written; it lives as long as the process.</summary>
    private static nint? Executable(byte[] code)
    {
        const int ReadWrite = 3,
            ReadRun = 5,
            PrivateAnonymous = 0x22;
        var memory = MapMemory(0, (nuint)code.Length, ReadWrite, PrivateAnonymous, -1, 0);
        if (memory == -1)
        {
            return null;
        }

        Marshal.Copy(code, 0, memory, code.Length);
        return ProtectMemory(memory, (nuint)code.Length, ReadRun) == 0 ? memory : null;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint MapMemory(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int ProtectMemory(nint address, nuint length, int protection);
}
