using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using Attune.Core.Runs;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Text.Tokenizers;

namespace Attune.Recipes.Stages;

/// <summary>Trains a byte-level BPE vocabulary.</summary>
public sealed record TokenizerStage : Stage
{
    public override string Kind => "tokenizer";
    public override string Purpose => "train a byte-level BPE vocabulary";
    public override string Title => "Tokenizer";

    [Description("texts to learn from: a .jsonl, .json or .txt file, or reviews:documents")]
    public required string Data { get; init; }

    [Description("rows to use, drawn at random; 0 for all of a file")]
    [Range(0, int.MaxValue)]
    public int Rows { get; init; }

    [Description("number of tokens, special tokens included")]
    [Range(258, 1_000_000)]
    public int Vocabulary { get; init; } = 1024;

    public override IEnumerable<string> Missing(PlannedArtifacts given) =>
        [
            .. DataSource.Missing("tokenizer.data", Data, Rows),
            .. Template is null
                ? Array.Empty<string>()
                : ["tokenizer.template is given, but a vocabulary is learned from plain texts. Give template to the stages after it."],
        ];

    public override PlannedArtifacts After(PlannedArtifacts given) => given with { Tokenizer = true };

    public override Task<StageResult> RunAsync(StageContext context, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        var (documents, _) = DataSource.Documents(Data, Rows, context);
        context.Screen.Report("learning merges", 0, Vocabulary, $"{documents.Length} texts");
        var tokenizer = BytePairTrainer.Train(
            documents.Select(d => d.Text),
            Vocabulary,
            new SpecialTokens("<|startoftext|>", "<|endoftext|>", "<|pad|>")
        );
        tokenizer.Save(context.FinalFolder);
        context.Screen.Report("learning merges", Vocabulary, Vocabulary, $"{tokenizer.VocabularySize} tokens");
        context.Artifacts = context.Artifacts with { Tokenizer = context.FinalFolder };
        return Task.FromResult(
            new StageResult(Kind, clock.Elapsed.TotalSeconds, new Dictionary<string, double> { ["vocabulary"] = tokenizer.VocabularySize })
        );
    }
}
