using Attune.Models.Configuration;
using Attune.Models.Files.Fields;

namespace Attune.Models.Files.Families;

/// <summary>OLMo 2 (arXiv:2501.00656): norms after the branches alone, queries and keys normed over all heads together.</summary>
internal sealed record Olmo2() : LlamaFamily("olmo2", "Olmo2")
{
    internal override double NormEpsilon => 1e-5;

    internal override TransformerConfig Read(ConfigFields fields, TransformerConfig config) =>
        config with
        {
            NormPlacement = NormPlacement.After,
            WholeQueryKeyNorm = true,
        };
}
