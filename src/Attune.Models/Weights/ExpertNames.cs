using Attune.Models.Configuration;

namespace Attune.Models.Weights;

/// <summary>
/// The names that Hugging Face's files give to a layer's router and experts: a tensor for each map, or all experts stacked.
/// </summary>
internal static class ExpertNames
{
    private const string StackedEnd = ".mlp.experts.gate_up_proj";

    /// <summary>Whether a file has its experts stacked.</summary>
    internal static bool AreStacked(TransformerConfig config, IEnumerable<string> names) =>
        config.Experts is not null && names.Any(n => n.EndsWith(StackedEnd, StringComparison.Ordinal));

    /// <summary>
    /// gpt-oss, always stacked: matrices [in, out], and of a joint map the gate's and the values' numbers in turn.
    /// </summary>
    private static IEnumerable<HuggingFaceTensor> GptOss(Experts experts, long width, string module, string slot)
    {
        var (count, hidden) = (experts.Count, experts.HiddenWidth);
        return
        [
            new($"{module}.router.weight", [count, width], $"{slot}.router.weight"),
            new($"{module}.router.bias", [count], $"{slot}.router.bias"),
            .. All("gate_up_proj", i => new("", [width, 2L * hidden], $"{slot}.experts.{i}.up.weight", Transposed: true)),
            .. All("gate_up_proj_bias", i => new("", [2L * hidden], $"{slot}.experts.{i}.up.bias")),
            .. All("down_proj", i => new("", [hidden, width], $"{slot}.experts.{i}.down.weight", Transposed: true)),
            .. All("down_proj_bias", i => new("", [width], $"{slot}.experts.{i}.down.bias")),
        ];

        IEnumerable<HuggingFaceTensor> All(string name, Func<int, HuggingFaceTensor> of) =>
            Enumerable
                .Range(0, count)
                .Select(i =>
                    of(i) with
                    {
                        Name = $"{module}.experts.{name}",
                        TogetherHeads = name.StartsWith("gate", StringComparison.Ordinal) ? hidden : 0,
                        TogetherParts = 2,
                        Stacked = count,
                        Index = i,
                    }
                );
    }

    /// <param name="file">The layer's name in the file, as in "model.layers.0".</param>
    /// <param name="slot">Here.</param>
    internal static IEnumerable<HuggingFaceTensor> Of(TransformerConfig config, string file, string slot, bool stacked)
    {
        if (config.Family == "gpt_oss")
        {
            return GptOss(config.Experts!, config.Width, $"{file}.mlp", slot);
        }

        var (count, width, hidden) = (config.Experts!.Count, (long)config.Width, (long)config.Experts.HiddenWidth);
        var mixtral = config.Family == "mixtral" && !stacked;
        var module = mixtral ? $"{file}.block_sparse_moe" : $"{file}.mlp";
        var (gate, up, down) = mixtral ? ("w1", "w3", "w2") : ("gate_proj", "up_proj", "down_proj");
        return
        [
            new($"{module}.gate.weight", [count, width], $"{slot}.router.weight"),
            .. stacked
                ? [.. All("gate_up_proj", 2 * hidden, width, "up"), .. All("down_proj", width, hidden, "down")]
                : Enumerable.Range(0, count).SelectMany(Apart),
        ];

        IEnumerable<HuggingFaceTensor> All(string name, long output, long input, string map) =>
            Enumerable
                .Range(0, count)
                .Select(i => new HuggingFaceTensor(
                    $"{module}.experts.{name}",
                    [output, input],
                    $"{slot}.experts.{i}.{map}.weight",
                    Stacked: count,
                    Index: i
                ));

        HuggingFaceTensor[] Apart(int i) =>
            [
                new($"{module}.experts.{i}.{gate}.weight", [hidden, width], $"{slot}.experts.{i}.up.weight"),
                new($"{module}.experts.{i}.{up}.weight", [hidden, width], $"{slot}.experts.{i}.up.weight", hidden),
                new($"{module}.experts.{i}.{down}.weight", [width, hidden], $"{slot}.experts.{i}.down.weight"),
            ];
    }
}
