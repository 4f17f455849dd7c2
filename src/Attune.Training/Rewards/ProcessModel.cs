using Attune.Core;
using Attune.Core.Tokens;
using Attune.Data.Encoding;
using Attune.Models.Architecture;
using Attune.Models.Files;
using Attune.Models.Weights;
using Attune.Training.Batches;
using static TorchSharp.torch;

namespace Attune.Training.Rewards;

/// <summary>A process reward model: at the end of a step it says how likely the step is right.</summary>
/// <param name="Classifier">Its first class is bad; neutral steps, where they have a class, count as right.</param>
/// <param name="Steps">How it reads steps.</param>
public sealed record ProcessModel(TokenClassifier Classifier, StepEncoding Steps) : IDisposable
{
    private const int ScoringBatch = 32;

    public int Longest => Classifier.Config.ContextLength;

    /// <summary>1 less the probability of bad, without gradient, in batches formed by length.</summary>
    /// <param name="places">Positions in each sequence, none beyond its end.</param>
    /// <returns>One array a sequence, one number a position.</returns>
    public double[][] Rewards(IReadOnlyList<TokenSequence> sequences, IReadOnlyList<IReadOnlyList<int>> places)
    {
        using var noGrad = no_grad();
        var results = new double[sequences.Count][];
        var order = Enumerable.Range(0, sequences.Count).OrderBy(i => sequences[i].Length).ThenBy(i => i);
        foreach (var part in order.Chunk(ScoringBatch))
        {
            using var scope = NewDisposeScope();
            var batch = TokenBatch.Of([.. part.Select(i => sequences[i])]);
            var time = batch.Tokens.shape[1];
            var flat = part.SelectMany((i, row) => places[i].Select(p => row * time + p)).ToArray();
            var read = flat.Length == 0 ? [] : Read(batch, flat);
            var next = 0;
            foreach (var i in part)
            {
                results[i] = [.. read.Skip(next).Take(places[i].Count)];
                next += places[i].Count;
            }
        }

        return results;
    }

    private double[] Read(TokenBatch batch, long[] flat)
    {
        var logits = Classifier.LogitsOf(FrozenLayerCache.HiddenAt(Classifier, batch, tensor(flat), shared: null)); // [places, classes]
        // Summed over the other classes rather than 1 - P(bad), which is 0 too soon.
        var right = logits.to(ScalarType.Float64).log_softmax(-1).narrow(1, 1, Classifier.Labels.Length - 1).logsumexp(-1).exp();
        return right.data<double>().ToArray();
    }

    public void Save(string folder)
    {
        ModelFiles.Save(Classifier, folder);
        new ProcessModelFile
        {
            StepSeparator = Steps.Separator,
            StepsApart = Steps.Apart,
            Density = Steps.Density,
            Labels = Classifier.Labels,
        }.Write(folder);
    }

    /// <summary>Whether <see cref="Save"/> wrote this folder.</summary>
    public static bool IsAt(string folder) => ProcessModelFile.IsAt(folder);

    /// <summary>
    /// Loads what <see cref="Save"/> wrote, or a token classifier of two classes that TRL trained: it reads steps apart, with a line end
    /// after each.
    /// </summary>
    /// <exception cref="ModelFileException">A file is missing or damaged.</exception>
    public static ProcessModel Load(string folder, Precision precision = Precision.F32)
    {
        var file = ProcessModelFile.Read(folder);
        return new ProcessModel(ModelFiles.LoadTokenClassifier(folder, file.Labels, precision), file.Encoding);
    }

    public void Dispose() => Classifier.Dispose();
}
