using Attune.Core;
using Attune.Kernels;
using Attune.Models.Architecture;

namespace Attune.Models.Decoding;

/// <summary>The decoder that fits a model and where it lies.</summary>
public static class Decoders
{
    /// <summary>
    /// The rollout engine for layers of its kind on the processors; libtorch for others, in the model's own type, and on a GPU.
    /// </summary>
    /// <param name="model">For its shape, type and device; its weights are not loaded.</param>
    /// <param name="decode">Reads answers for stop sequences; not needed without them.</param>
    /// <param name="workers">As for the engine; libtorch has threads of its own.</param>
    /// <param name="type">Of weights and activations in matrix products.</param>
    /// <exception cref="ConfigurationException">8 or 4 bits are asked for and the engine does not fit.</exception>
    public static IDecoder For(LanguageModel model, TokenDecoder? decode = null, int? workers = null, KernelType type = KernelType.F32)
    {
        if (model.Weights.Values.device_type == TorchSharp.DeviceType.CPU && model.Config.IsPlain)
        {
            return new DecodeEngine(model.Config, decode, workers, type);
        }

        return type is KernelType.F32 or KernelType.BF16
            ? new TorchDecoder(model.Config, decode)
            : throw new ConfigurationException(
                $"Weights of {model.Config.Family} cannot be kept in {type.ToString().ToLowerInvariant()} while decoding: only layers "
                    + "built like GPT-2's and Llama's can. Expected the type f32 or bf16."
            );
    }

    /// <summary>The same with the model's weights loaded.</summary>
    /// <param name="blocks">Those that the model came with, for an engine that keeps weights quantised.</param>
    /// <exception cref="ConfigurationException">8 or 4 bits are asked for and the engine does not fit.</exception>
    public static IDecoder Loaded(
        LanguageModel model,
        TokenDecoder? decode = null,
        int? workers = null,
        KernelType type = KernelType.F32,
        ModelBlocks? blocks = null
    )
    {
        var decoder = For(model, decode, workers, type);
        try
        {
            if (decoder is DecodeEngine engine)
            {
                engine.Load(model, blocks);
            }
            else
            {
                decoder.Load(model);
            }

            return decoder;
        }
        catch
        {
            decoder.Dispose();
            throw;
        }
    }
}
