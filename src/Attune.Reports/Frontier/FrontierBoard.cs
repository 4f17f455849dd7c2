using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Attune.Core;
using Attune.Core.Files;

namespace Attune.Reports.Frontier;

/// <summary>A policy's place on the board: how far it is from the reference and what it earns there.</summary>
/// <param name="Kl">KL(pi || pi0), nats an answer.</param>
/// <param name="Gold">Hidden utility.</param>
/// <param name="Proxy">The reward that was optimised.</param>
public readonly record struct FrontierPoint(double Kl, double Gold, double Proxy);

/// <summary>One method at one setting with one seed, trained and measured.</summary>
/// <param name="Setting">What was swept, such as "kl_coefficient 0.1".</param>
public sealed record FrontierCell(string Method, string Setting, ulong Seed, FrontierPoint Point)
{
    /// <summary>Wall-clock time of training and measuring.</summary>
    public double Seconds { get; init; }

    /// <summary>What else was measured, by metric name.</summary>
    public IReadOnlyDictionary<string, double> Figures { get; init; } = ImmutableDictionary<string, double>.Empty;

    /// <summary>Folder of its run, relative to the frontier's; null where no run belongs to it.</summary>
    public string? Folder { get; init; }
}

/// <summary>A cell whose run ended in an error; it is tried again when the frontier is run again.</summary>
public sealed record FrontierFailure(string Method, string Setting, ulong Seed, string Message);

/// <summary>A curve to compare with that no training made.</summary>
/// <param name="Points">Mean over the seeds, by rising divergence.</param>
/// <param name="Caveat">How it was made and how far to trust it.</param>
public sealed record FrontierCeiling(string Label, ImmutableArray<FrontierPoint> Points, string Caveat);

/// <summary>All that a frontier came to, finished or not: <c>frontier.json</c>.</summary>
/// <param name="References">By seed, in the order of <paramref name="Seeds"/>: the policy that all methods start from.</param>
/// <param name="Expected">Cells of the whole sweep.</param>
/// <param name="Exact">Whether figures are sums over all answers instead of means over sampled ones.</param>
public sealed record FrontierBoard(
    string Name,
    ImmutableArray<ulong> Seeds,
    ImmutableArray<FrontierPoint> References,
    ImmutableArray<FrontierCell> Cells,
    ImmutableArray<FrontierFailure> Failures,
    ImmutableArray<FrontierCeiling> Ceilings,
    int Expected,
    bool Exact
)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        WriteIndented = true,
    };

    /// <summary>How it was measured, in words: answers, prompts, machine.</summary>
    public ImmutableArray<string> Remarks { get; init; } = [];

    /// <summary>Methods in the order of the recipe.</summary>
    public IEnumerable<string> Methods => Cells.Select(c => c.Method).Distinct();

    public void Save(string path) =>
        AtomicFile.WriteText(
            path,
            JsonSerializer.Serialize(
                new
                {
                    Board = this,
                    Settings = this.Settings(),
                    EqualKl = this.EqualDivergence(),
                    Turns = this.Turns(),
                },
                Json
            )
        );

    /// <exception cref="DataException">Not a frontier's file.</exception>
    public static FrontierBoard Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.GetProperty("board").Deserialize<FrontierBoard>(Json) ?? throw new JsonException("null");
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new DataException(
                $"{path} is not a frontier's result ({problem.Message.TrimEnd('.')}). Run `attune frontier` again with --resume "
                    + "to write it again."
            );
        }
    }
}
