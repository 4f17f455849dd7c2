using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Runs;
using Attune.Data;
using Attune.Data.Encoding;
using Attune.Methods.Reward;
using Attune.Models.Encoders;
using Attune.Recipes.Running;
using Attune.Recipes.Sources;
using Attune.Text.Tokenizers;
using Attune.Training.Experience;
using Attune.Training.Rewards;

namespace Attune.Recipes.Stages;

/// <summary>Trains an encoder (BERT, RoBERTa, DistilBERT) as a classifier of verdicts, whose second class is the reward.</summary>
internal sealed class EncoderFit(string kind, RewardOptions method, LabelFiles files, StageContext context)
{
    private const int Desirable = 1;
    private const int ScoredAtOnce = 256;

    public async Task<StageResult> RunAsync(Func<Label, string> splitKey, CancellationToken cancel)
    {
        var folder = context.RequirePolicy();
        Require(folder);
        var tokenizer = TokenizerFiles.Load(folder);
        using var model = EncoderClassifier.LoadOrBegin(folder, ["undesirable", "desirable"], context.Seed.For("head"));
        model.Dropout = method.EncoderDropout;
        if (model.Config.Labels.Length != 2)
        {
            throw new ConfigurationException(
                $"{folder} is a classifier with {model.Config.Labels.Length} classes ({string.Join(", ", model.Config.Labels)}), but "
                    + "verdicts have two. Expected a classifier of two classes, the desirable one second, or an encoder without a head."
            );
        }

        var texts = new ClassifierTexts(tokenizer, model.Config);
        var labels = files.Read<Verdict>(
            kind,
            (source, rows) => DataSource.FromFile<Verdict>(source, rows, context),
            splitKey,
            method.TestSplit,
            context
        );
        BothVerdicts.Require(labels.Rows.Training, labels.Name);
        var data = EncodedSplit.Of(labels.Rows, labels.Name, rows => Encode(texts, rows), context);
        var experience = new DatasetExperience<LabelledText>(data.Train, method.Training.BatchSize, method.Epochs)
        {
            Evaluate = () => Evaluate(model, data.HeldOut),
            EvaluateEvery = method.EvaluateEvery,
        };
        var objective = new EncoderClassification.Objective(model);
        await context.FitAsync(objective, experience, method.Training, [labels.Hash], "classifier", cancel);
        model.Save(context.FinalFolder);
        tokenizer.Save(context.FinalFolder);
        context.Artifacts = context.Artifacts with { Reward = context.FinalFolder };
        return Result(model, data);
    }

    private void Require(string folder)
    {
        (string Option, bool Given, string Expected)[] others =
        [
            ("loss", method.Loss != RewardLoss.Classification, "classification, on verdicts"),
            ("members", method.Members != 1, "1"),
            ("truncation", method.Truncation != TruncationPolicy.DropRow, "drop-row"),
            ("token_dropout", method.TokenDropout > 0, "0"),
            ("robust_step", method.RobustStep > 0, "0"),
            ("debias_length", method.DebiasLength, "false"),
            ("lora.r", method.Training.Lora.R > 0, "0: the whole encoder is trained"),
            ("frozen_layers", method.Training.FrozenLayers > 0, "0"),
            ("gradient_checkpointing", method.Training.GradientCheckpointing, "false"),
        ];
        if (others.FirstOrDefault(o => o.Given) is { Option: not null } wrong)
        {
            throw new ConfigurationException(
                $"{kind}.{wrong.Option} is not for encoders, and {folder} is one. Expected {wrong.Expected}, or a language model."
            );
        }

        if (method.Normalisation != RewardNormalisation.None)
        {
            context.Note($"{kind}: a classifier's logit is not normalised; as a reward it is what the class's logit says");
        }
    }

    private EncodedData<LabelledText> Encode(ClassifierTexts texts, IReadOnlyList<Verdict> verdicts)
    {
        var (items, sources, reasons) = (new List<LabelledText>(), new List<int>(), new List<string>());
        for (var i = 0; i < verdicts.Count; i++)
        {
            var ids = texts.Ids(ClassifierTexts.TextOf(verdicts[i].Prompt, verdicts[i].Answer), out var cut);
            if (cut || ids.Length > method.MaxLength)
            {
                reasons.Add("longer than max_length, or than the encoder reads");
                continue;
            }

            items.Add(new LabelledText(new EncoderText(ids), verdicts[i].Desirable ? Desirable : 1 - Desirable));
            sources.Add(i);
        }

        return new EncodedData<LabelledText>([.. items], [.. sources], DroppedRows.Of(reasons), 0);
    }

    private StageResult Result(EncoderClassifier model, EncodedSplit<LabelledText> data)
    {
        var result = data.HeldOut.IsEmpty
            ? new StageResult(kind, 0, new Dictionary<string, double>())
            : RewardFigures.OfVerdicts(kind, Scores(model, data.HeldOut), [.. data.HeldOut.Select(h => h.Class == Desirable)]);
        return result with
        {
            Metrics = new Dictionary<string, double>(result.Metrics)
            {
                ["examples"] = data.Train.Length,
                ["held_out"] = data.HeldOut.Length,
                ["members"] = 1,
            },
        };
    }

    private static Metrics Evaluate(EncoderClassifier model, IReadOnlyList<LabelledText> heldOut)
    {
        var metrics = new Metrics();
        if (heldOut.Count > 0)
        {
            var scores = Scores(model, heldOut);
            metrics.Set("eval_accuracy", heldOut.Select((h, i) => scores[i] > 0 == (h.Class == Desirable) ? 1.0 : 0).Average());
        }

        return metrics;
    }

    /// <summary>The log-odds of the desirable class.</summary>
    private static double[] Scores(EncoderClassifier model, IReadOnlyList<LabelledText> texts) =>
        [
            .. texts
                .Chunk(ScoredAtOnce)
                .SelectMany(part => model.Logits([.. part.Select(t => t.Text)]))
                .Select(logits => (double)logits[Desirable] - logits[1 - Desirable]),
        ];
}
