namespace Attune.Recipes.Running;

/// <summary>Reports at once, on the caller's thread; <see cref="Progress{T}"/> would post elsewhere and out of order.</summary>
internal sealed class ImmediateProgress(Action<int> report) : IProgress<int>
{
    public void Report(int value) => report(value);
}
