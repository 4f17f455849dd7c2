namespace Attune.Worlds.Reviews;

/// <summary>A raw text for pretraining: the review with the film introduced before it, or the review alone.</summary>
public sealed record ReviewDocument(string Text, Review Review);
