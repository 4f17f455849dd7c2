using System.Collections.Immutable;
using Attune.Core;
using Attune.Models.Weights;

namespace Attune.Models.Files;

/// <summary>Whether an adapter's two files fit each other and the model.</summary>
/// <param name="tensors">Of the model that is to come of it.</param>
/// <param name="origin">Of the base, by name.</param>
/// <param name="following">The head that the embedding is, so that nothing need be in the file for it; null where it is none.</param>
internal sealed class PeftFit(
    PeftConfig adapter,
    PeftWeights weights,
    ImmutableArray<HuggingFaceTensor> tensors,
    IReadOnlyDictionary<string, HuggingFaceTensor> origin,
    string? following
)
{
    private const string Weight = ".weight";
    private readonly Dictionary<string, HuggingFaceTensor> _tensors = tensors.ToDictionary(t => t.Key, StringComparer.Ordinal);

    /// <exception cref="ModelFileException">Something is missing, of no use, or of another shape.</exception>
    internal void Check(string family)
    {
        string[] missing = [.. Missing(family).Distinct()];
        string[] unexpected = [.. Unexpected()];
        string[] misshapen = [.. Misshapen()];
        Require(weights.Name, missing, unexpected, misshapen);
    }

    /// <exception cref="ModelFileException">There is something of one of the three kinds.</exception>
    internal static void Require(string path, string[] missing, string[] unexpected, string[] misshapen)
    {
        if (missing.Length + unexpected.Length + misshapen.Length > 0)
        {
            throw new ModelFileException(
                $"{path} does not fit {AdapterFiles.ConfigFile} and the model: "
                    + string.Join(
                        "; ",
                        new[] { Listed("missing ", missing), Listed("unexpected ", unexpected), Listed("", misshapen) }.Where(p =>
                            p.Length > 0
                        )
                    )
                    + ". Give the base model that the adapter was trained on."
            );
        }
    }

    private static string Listed(string kind, string[] names) =>
        names.Length == 0 ? "" : kind + string.Join(", ", names.Take(3)) + (names.Length > 3 ? $" and {names.Length - 3} more" : "");

    private IEnumerable<string> Missing(string family) =>
        [
            .. weights.Changed.SelectMany(MissingParts),
            .. MissingModules(),
            .. adapter.Targets is { } targets ? MissingTargets(targets, family) : [],
            .. MissingBiases().Select(name => $"base_model.model.{name}"),
            .. tensors
                .Where(t => t.Slot == "score" && !origin.ContainsKey(t.Name) && !weights.Whole.ContainsKey(t.Name))
                .Select(t => $"base_model.model.{t.Name}"),
        ];

    private IEnumerable<string> MissingParts(string module)
    {
        foreach (var (one, other) in Pairs.Where(p => weights.Has(module, p.One) && !weights.Has(module, p.Other)))
        {
            yield return $"the {other} of {module}";
        }

        var isLow = weights.Has(module, PeftPart.A) || weights.Has(module, PeftPart.EmbeddingA);
        if (adapter.UsesDora && isLow && !weights.Has(module, PeftPart.Magnitude))
        {
            yield return $"base_model.model.{module}.lora_magnitude_vector";
        }
    }

    /// <summary>PEFT lists both names of a head over classes whatever the model, which has one of them at most.</summary>
    private IEnumerable<string> MissingModules() =>
        adapter
            .Saved.Where(s => s is not ("score" or "classifier") && !(following is not null && PeftMerge.IsNamed(following, s)))
            .Where(s => !Modules().Any(m => PeftMerge.IsNamed(m, s) && IsWhole(m)))
            .Select(s => $"the module {s} of modules_to_save");

    private IEnumerable<string> MissingBiases() =>
        origin.Keys.Where(n =>
            n.EndsWith(".bias", StringComparison.Ordinal)
            && !weights.Whole.ContainsKey(n)
            && (adapter.Biases == "all" || (adapter.Biases == "lora_only" && weights.Changed.Contains(PeftMerge.ModuleOf(n))))
        );

    private static readonly (PeftPart One, PeftPart Other)[] Pairs =
    [
        (PeftPart.A, PeftPart.B),
        (PeftPart.B, PeftPart.A),
        (PeftPart.Bias, PeftPart.B),
        (PeftPart.EmbeddingA, PeftPart.EmbeddingB),
        (PeftPart.EmbeddingB, PeftPart.EmbeddingA),
    ];

    private IEnumerable<string> MissingTargets(ImmutableArray<string> targets, string family)
    {
        string[] maps = [.. Modules().Where(m => _tensors.GetValueOrDefault(m + Weight)?.Shape.Length == 2 && !IsWhole(m))];
        if (targets.IsEmpty)
        {
            throw new ModelFileException($"{weights.Name}: an adapter has no targets; expected names of linear maps, or all-linear.");
        }

        string[] unknown = [.. targets.Where(t => !Modules().Append(following ?? "").Any(m => PeftMerge.IsNamed(m, t)))];
        if (unknown.Length > 0)
        {
            throw new ModelFileException(
                $"{weights.Name} is not an adapter of this model: its targets name {string.Join(", ", unknown)}, which a model of the "
                    + $"family {family} does not have; expected some of "
                    + $"{string.Join(", ", maps.Select(m => m[(m.LastIndexOf('.') + 1)..]).Distinct())}."
            );
        }

        return maps.Where(m => targets.Any(t => PeftMerge.IsNamed(m, t)) && !weights.Changed.Contains(m))
            .Select(m => $"base_model.model.{m}.lora_A.weight");
    }

    private IEnumerable<string> Unexpected()
    {
        foreach (var module in weights.Changed.Where(m => m != following && !_tensors.ContainsKey(m + Weight)))
        {
            yield return module;
        }

        foreach (
            var module in weights.Changed.Where(m =>
                adapter.Targets is { } t && weights.Has(m, PeftPart.A) && !t.Any(n => PeftMerge.IsNamed(m, n))
            )
        )
        {
            yield return $"base_model.model.{module}.lora_A.weight";
        }

        foreach (var module in weights.Changed.Where(m => weights.Has(m, PeftPart.Bias) && !_tensors.ContainsKey(m + ".bias")))
        {
            yield return $"{module}.lora_B.bias";
        }

        foreach (var module in weights.Changed.Where(m => weights.Has(m, PeftPart.Tokens) && TokenCount(m) is null))
        {
            yield return $"{module}.token_adapter.trainable_tokens_delta";
        }

        foreach (var name in weights.Whole.Keys.Where(n => !_tensors.ContainsKey(n) && n != following + Weight))
        {
            yield return name;
        }
    }

    private IEnumerable<string> Misshapen()
    {
        foreach (var (name, entry) in weights.Whole.Where(w => _tensors.ContainsKey(w.Key)))
        {
            if (!entry.Shape.SequenceEqual(_tensors[name].Shape))
            {
                yield return Wrong(entry.Name, entry.Shape, [.. _tensors[name].Shape]);
            }
        }

        // A matrix that stays the base's has to have the base's shape: a head beside a longer embedding.
        foreach (var tensor in tensors.Where(t => !weights.Whole.ContainsKey(t.Name) && origin.ContainsKey(t.Key)))
        {
            if (!origin[tensor.Key].Shape.SequenceEqual(tensor.Shape))
            {
                yield return Wrong($"the base's {tensor.Name}", origin[tensor.Key].Shape, [.. tensor.Shape]);
            }
        }

        foreach (var module in weights.Changed.Where(m => _tensors.ContainsKey(m + Weight)))
        {
            foreach (var problem in Parts(module))
            {
                yield return problem;
            }
        }
    }

    private IEnumerable<string> Parts(string module)
    {
        var (tensor, rank) = (_tensors[module + Weight], adapter.RankOf(module));
        var (outputs, inputs) = tensor.Transposed ? (tensor.Shape[1], tensor.Shape[0]) : (tensor.Shape[0], tensor.Shape[^1]);
        (PeftPart Part, long[] Shape)[] expected =
        [
            (PeftPart.A, [rank, inputs]),
            (PeftPart.B, [outputs, rank]),
            (PeftPart.Bias, [outputs]),
            (PeftPart.EmbeddingA, [rank, outputs]),
            (PeftPart.EmbeddingB, [inputs, rank]),
            (PeftPart.Magnitude, [weights.Has(module, PeftPart.EmbeddingA) ? inputs : outputs]),
            (PeftPart.Tokens, [TokenCount(module) ?? 0, inputs]),
        ];
        return expected
            .Select(e => (Found: weights.Find(module, e.Part), e.Shape))
            .Where(e => e.Found is not null && !Same(e.Found.Shape, e.Shape))
            .Select(e => Wrong(e.Found!.Name, e.Found.Shape, e.Shape));
    }

    /// <summary>A magnitude may have a side of one beside its own.</summary>
    private static bool Same(ImmutableArray<long> found, long[] expected) =>
        found.SequenceEqual(expected) || (expected.Length == 1 && found.Where(s => s != 1).SequenceEqual(expected));

    private int? TokenCount(string module)
    {
        var embedding = tensors.First(t => t.Slot == "tokens");
        foreach (var (name, tokens) in adapter.Tokens)
        {
            if (PeftMerge.IsNamed(module, name.Length == 0 ? PeftMerge.ModuleOf(embedding.Name) : name))
            {
                return tokens.All(t => t < embedding.Shape[0]) ? tokens.Length : null;
            }
        }

        return null;
    }

    private IEnumerable<string> Modules() => _tensors.Keys.Select(PeftMerge.ModuleOf).Distinct();

    private bool IsWhole(string module) =>
        weights.Whole.ContainsKey(module + Weight) && adapter.Saved.Any(s => PeftMerge.IsNamed(module, s));

    private static string Wrong(string name, ImmutableArray<long> found, long[] expected) =>
        $"{name} has shape [{string.Join(", ", found)}], expected [{string.Join(", ", expected)}]";
}
