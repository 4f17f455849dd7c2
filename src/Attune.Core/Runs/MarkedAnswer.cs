using System.Collections.Immutable;

namespace Attune.Core.Runs;

/// <summary>A part of an answer, and what is said of it.</summary>
/// <param name="Start">In code points, the first.</param>
/// <param name="End">In code points, the one after the last.</param>
/// <param name="By">What says it: a model, or a type of error that people marked.</param>
/// <param name="Good">How likely nothing is wrong with it, 0 to 1; 0 where people marked it.</param>
public sealed record MarkedPart(int Start, int End, string By, double Good);

/// <summary>An answer of which parts were judged, for the report.</summary>
/// <param name="Prompt">As a person would read it.</param>
public sealed record MarkedAnswer(string Prompt, string Answer, ImmutableArray<MarkedPart> Parts);
