namespace Attune.Data;

/// <summary>A text to learn whole: language modelling, pretraining.</summary>
public sealed record Document(string Text);
