using System.Collections.Immutable;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;
using Attune.Data.Order;
using Attune.Recipes.Running;
using Attune.Training.Checkpoints;

namespace Attune.Recipes.Sources;

/// <summary>The group of options that says which labels a stage learns from.</summary>
public sealed record LabelFiles
{
    [Description(
        "file of labels: pairs, choices, rankings or verdicts, as the method needs (default: the labels of the " + "preferences stage)"
    )]
    public string? Data { get; init; }

    [Description("file of labels on other prompts, to evaluate with (default: test_split of the data)")]
    public string? HeldOutData { get; init; }

    [Description("rows to use, drawn at random; 0 for all")]
    [Range(0, int.MaxValue)]
    public int Rows { get; init; }

    /// <summary>What will not be found, each one sentence.</summary>
    /// <param name="kind">The stage, for messages.</param>
    internal IEnumerable<string> Missing(string kind, PlannedArtifacts given) =>
        [
            .. Data is null && !given.Preferences ? [Needed(kind)] : Array.Empty<string>(),
            .. DataSource.MissingFile($"{kind}.data", Data),
            .. DataSource.MissingFile($"{kind}.held_out_data", HeldOutData),
        ];

    /// <summary>Reads the labels and keeps some aside: the held-out file's, or a share of the data.</summary>
    /// <param name="read">Reads so many rows of a file; 0 for all.</param>
    /// <param name="key">Labels with equal keys stay on one side.</param>
    /// <param name="testSplit">Share kept aside where there is no held-out file.</param>
    /// <param name="handedOver">Whose labels to take where no file is named; null for what the stage was given.</param>
    internal LabelSplit<TLabel> Read<TLabel>(
        string kind,
        Func<string, int, (ImmutableArray<TLabel> Rows, DataHash Hash)> read,
        Func<TLabel, string> key,
        double testSplit,
        StageContext context,
        Artifacts? handedOver = null
    )
        where TLabel : Label
    {
        var given = handedOver ?? context.Artifacts;
        var source = Data ?? given.Preferences ?? throw new ConfigurationException(Needed(kind));
        var (rows, hash) = read(source, Rows);
        var heldOut = HeldOutData ?? (Data is null ? given.HeldOutPreferences : null);
        var split = heldOut is null
            ? Split.ByKey(rows, key, testSplit, context.Seed.For("split"))
            : new SplitData<TLabel>(rows, read(heldOut, 0).Rows);
        return new LabelSplit<TLabel>(split, Path.GetFileName(source), hash);
    }

    private static string Needed(string kind) =>
        $"{kind}.data is missing: name a preference file, or put a preferences stage before this one.";
}

/// <summary>Labels as they were read.</summary>
/// <param name="Name">The file's, for messages.</param>
internal sealed record LabelSplit<TLabel>(SplitData<TLabel> Rows, string Name, DataHash Hash)
    where TLabel : Label
{
    /// <summary>Prompts of the held-out labels, or of all where none is held out.</summary>
    public IEnumerable<Prompt> Prompts => (Rows.HeldOut.IsEmpty ? Rows.Training : Rows.HeldOut).Select(r => r.Prompt);
}
