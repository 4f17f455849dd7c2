namespace Attune.Models.Files.Fields;

/// <summary>
/// What a <c>config.json</c> may say. A key that no family here knows, but whose name speaks of what a model computes, is refused: passed
/// over in silence, it would change the results.
/// </summary>
internal static class ConfigKeys
{
    /// <summary>Read and checked by the families, or without effect on results although their names speak of parts of a model.</summary>
    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        // Read.
        "hidden_act",
        "hidden_activation",
        "activation_function",
        "rms_norm_eps",
        "layer_norm_epsilon",
        "rope_theta",
        "rope_scaling",
        "rope_parameters",
        "max_position_embeddings",
        "n_positions",
        "num_attention_heads",
        "num_hidden_layers",
        "n_layer",
        "attention_bias",
        "mlp_bias",
        "tie_word_embeddings",
        "layer_types",
        "sliding_window",
        "use_sliding_window",
        "max_window_layers",
        "scale_attn_weights",
        "scale_attn_by_inverse_layer_idx",
        "add_cross_attention",
        "partial_rotary_factor",
        // For training alone, for speed, or for other tasks.
        "attention_dropout",
        "attention_probs_dropout_prob",
        "attn_pdrop",
        "embd_pdrop",
        "resid_pdrop",
        "layerdrop",
        "layer_norm_eps",
        "attn_implementation",
        "_attn_implementation",
        "_attn_implementation_autoset",
        "output_attentions",
        "reorder_and_upcast_attn",
        "cross_attention_hidden_size",
        "router_aux_loss_coef",
        "output_router_logits",
        "tie_encoder_decoder",
        "chunk_size_feed_forward",
        "typical_p",
        "forced_bos_token_id",
        "original_max_position_embeddings",
        "initializer_range",
        "embedding_initializer",
        "remove_invalid_values",
        "return_dict",
        "return_dict_in_generate",
        "num_return_sequences",
        "residual_dropout",
        "embedding_dropout",
        "head_dim",
        "n_head",
        "block_size",
        "problem_type",
        "position_embedding_type",
    };

    private static readonly string[] Telling =
    [
        "scal",
        "multiplier",
        "softcap",
        "window",
        "norm",
        "bias",
        "rope",
        "rotary",
        "position",
        "expert",
        "router",
        "moe",
        "attention",
        "attn",
        "logit",
        "layer",
        "residual",
        "quant",
        "mup",
        "alibi",
        "chunk",
        "skip",
        "activation",
        "embedding",
    ];

    // How attention is computed, fast or not, does not matter.
    private static bool Says(string name) =>
        !name.Contains("flash", StringComparison.Ordinal) && Telling.Any(t => name.Contains(t, StringComparison.Ordinal));

    /// <param name="own">Keys that the family itself reads or refuses.</param>
    /// <exception cref="Core.ModelFileException">A key is not known, and its name says that it matters.</exception>
    public static void RefuseUnknown(ConfigFields fields, IReadOnlyCollection<string> own)
    {
        foreach (var name in fields.Names.Where(n => !Known.Contains(n) && !own.Contains(n) && Says(n)))
        {
            fields.RefuseUnless(name, "False", "0", "0.0", "[]", "{}", "");
        }

        // Per kind of layer, as Gemma 3's.
        const string rope = "rope_parameters";
        if (
            !own.Contains(rope)
            && fields.Section(rope) is { } nested
            && nested.Names.FirstOrDefault(n => nested.Section(n) is not null) is { } kind
        )
        {
            throw nested.Problem(kind, "has rotary positions of its own, which is not supported in this family");
        }
    }
}
