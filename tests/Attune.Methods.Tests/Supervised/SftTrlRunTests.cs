using System.Collections.Immutable;
using System.Text.Json;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Methods.Supervised;
using Attune.Methods.Tests.Loop;
using Attune.Testing;

namespace Attune.Methods.Tests.Supervised;

/// <summary>Attune's settings repeat TRL's runs of supervised fine-tuning, row by row and figure by figure.</summary>
public sealed class SftTrlRunTests
{
    private const string Runs = "trl-1.16/sft.json";

    private static readonly Dictionary<string, (Func<ImmutableArray<PackedRow>> Rows, SftLossOptions Loss)> Settings = new()
    {
        ["whole"] = (() => Single(TrlRuns.Demonstrations().Select(Whole)), new()),
        ["text"] = (() => Single(TrlRuns.Demonstrations().Select(Whole)), new()),
        ["completion"] = (() => Single(TrlRuns.Demonstrations()), new()),
        ["padding_free"] = (() => Single(TrlRuns.Demonstrations()), new()),
        ["dft"] = (() => Single(TrlRuns.Demonstrations()), new() { LossType = SftLoss.Dft }),
        ["accumulate_4"] = (() => Single(TrlRuns.Demonstrations()), new()),
        ["max_length_40"] = (() => Single(Cut(TrlRuns.Demonstrations(), 40).Where(s => s.AnswerStart < s.Length)), new()),
        ["packing_bfd_64"] = (() => Packing.BestFitDecreasing([.. Cut(TrlRuns.Texts(), 64)], 64), new()),
        ["packing_bfd_64_truncating"] = (() => Packing.BestFitDecreasing([.. Cut(TrlRuns.Demonstrations(), 64)], 64), new()),
        ["packing_bfd_split_64"] = (() => Split(TrlRuns.Demonstrations(), 64), new()),
    };

    public static TheoryData<string> Names => [.. Settings.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_run_is_repeated(string name)
    {
        var steps = TrlRuns.Steps(Runs, name);
        using var model = TrlRuns.Model();
        var (rows, loss) = Settings[name];
        var run = await TrlRuns.RunAsync(new Sft.Objective(model, loss), rows(), steps.Length);
        // TRL logs the mean of its micro-batches' means of these.
        TrlRuns.Agree(steps, run, 2e-4, name == "accumulate_4" ? ["entropy", "mean_token_accuracy"] : []);
    }

    [Theory]
    [InlineData("packing_bfd_64")]
    [InlineData("packing_bfd_64_truncating")]
    public void The_rows_are_packed_as_TRL_packs_them(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(SharedData.Require("golden/" + Runs)));
        int[][] expected =
        [
            .. document
                .RootElement.GetProperty("runs")
                .GetProperty(name)
                .GetProperty("rows")
                .EnumerateArray()
                .Select(r => r.GetProperty("input_ids").EnumerateArray().Select(t => t.GetInt32()).ToArray()),
        ];
        var found = Settings[name].Rows();
        Assert.Equal(expected, found.Select(r => r.Segments.SelectMany(s => s.Tokens).ToArray()));
    }

    private static ImmutableArray<PackedRow> Single(IEnumerable<TokenSequence> rows) => [.. rows.Select(r => new PackedRow([r]))];

    private static TokenSequence Whole(TokenSequence row) => row with { AnswerStart = 1 };

    private static IEnumerable<TokenSequence> Cut(IEnumerable<TokenSequence> rows, int length) =>
        rows.Select(r => new TokenSequence(r.Tokens[..Math.Min(length, r.Length)], Math.Min(r.AnswerStart, Math.Min(length, r.Length))));

    private static ImmutableArray<PackedRow> Split(IEnumerable<TokenSequence> rows, int length) =>
        Packing.BestFitDecreasing([.. rows.SelectMany(r => Packing.Pieces(r, length))], length);
}
