using Attune.Cli.Screens;
using Attune.Core;
using Attune.Kernels;
using Attune.Models.Decoding;
using Attune.Models.Gguf;
using Spectre.Console;

namespace Attune.Cli.Serving;

/// <summary>What a user's word for the numbers to compute in means to an engine.</summary>
internal static class DecodingType
{
    /// <summary>The word for a GGUF file's own blocks.</summary>
    internal const string OwnBlocks = "file";

    /// <param name="word">f32, bf16, q8, q4 or file</param>
    /// <param name="place">The model's.</param>
    /// <returns>The engine's type, and with the word file the blocks that it takes.</returns>
    /// <exception cref="ConfigurationException">The blocks are wanted of what is no GGUF file.</exception>
    internal static (KernelType Type, ModelBlocks? Blocks) Of(string word, string place)
    {
        if (word != OwnBlocks)
        {
            return (Enum.Parse<KernelType>(word, ignoreCase: true), null);
        }

        if (!GgufFile.IsOne(place))
        {
            throw new ConfigurationException(
                $"--type {OwnBlocks} takes the blocks of a GGUF file as they are, and {place} is none. Give a GGUF file as --model, or "
                    + "quantise here: --type q8 or q4."
            );
        }

        if (GgufMatrices.Note(place) is { } note)
        {
            Terminal.Messages.MarkupLineInterpolated($"[yellow]{note}[/]");
        }

        // Matrices that the file has in no type of the kernel are in 8 bits.
        return (KernelType.Q8, GgufMatrices.Read(place));
    }
}
