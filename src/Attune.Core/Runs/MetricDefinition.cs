namespace Attune.Core.Runs;

/// <summary>What a metric means. <c>docs/metrics.md</c> and the report's hints are made from these.</summary>
/// <param name="Name">As logged; TRL's name where TRL has one.</param>
/// <param name="Unit">Unit, or "1" for a pure number.</param>
/// <param name="Meaning">One sentence.</param>
/// <param name="Source">Paper and equation, or the tool whose name and definition are followed.</param>
public sealed record MetricDefinition(string Name, string Unit, string Meaning, string Source);
