namespace Attune.Kernels;

/// <summary>Memory that a kernel asks for while it computes.</summary>
/// <param name="LinesPerStep">0, 1, 2 or 4 cache lines at each step.</param>
internal readonly unsafe record struct Prefetch(nint Address, int LinesPerStep)
{
    internal Prefetch(float* from, int linesPerStep)
        : this((nint)from, linesPerStep) { }

    internal float* From => (float*)Address;
}
