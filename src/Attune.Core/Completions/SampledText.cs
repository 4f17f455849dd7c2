namespace Attune.Core.Completions;

/// <summary>A text that a model wrote.</summary>
/// <param name="IsCut">Whether it reached its longest length instead of ending by itself.</param>
public readonly record struct SampledText(string Text, bool IsCut);
