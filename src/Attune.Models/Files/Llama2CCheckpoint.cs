using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Attune.Core;
using Attune.Models.Architecture;
using Attune.Models.Configuration;
using static TorchSharp.torch;

namespace Attune.Models.Files;

/// <summary>
/// Imports the 32-bit checkpoints of llama2.c: the legacy layout (a header of seven numbers) and version 1 (a header of 256
/// bytes that begins with "ak42"). Its rotary positions turn neighbouring elements; queries and keys are reordered on import
/// for the rotate-half form.
/// </summary>
public static class Llama2CCheckpoint
{
    private const uint Magic = 0x616b3432;
    private const int LegacyHeader = 28;
    private const int VersionedHeader = 256;

    /// <exception cref="ModelFileException">The file is absent, not such a checkpoint, or its length does not fit its header.</exception>
    public static LanguageModel Import(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var header = ReadHeader(path, file);
            if (header.Length != file.Length)
            {
                throw new ModelFileException(
                    $"{path} has {file.Length} bytes; its header describes {header.Config.Layers} layers of width "
                        + $"{header.Config.Width} and {header.Config.VocabularySize} tokens, "
                        + $"which take {header.Length}. It is truncated, or not a llama2.c checkpoint."
                );
            }

            file.Seek(header.Start, SeekOrigin.Begin);
            return ReadWeights(path, file, header);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException($"{path} cannot be read: {problem.Message}", problem);
        }
    }

    /// <param name="Start">First byte of the weights.</param>
    /// <param name="Length">Bytes that the whole file must have.</param>
    private sealed record Header(TransformerConfig Config, int Start, bool Versioned, Int128 Length);

    private static Header ReadHeader(string path, FileStream file)
    {
        Span<byte> bytes = stackalloc byte[VersionedHeader];
        bytes = bytes[..file.ReadAtLeast(bytes, VersionedHeader, throwOnEndOfStream: false)];
        var versioned = bytes.Length == VersionedHeader && BinaryPrimitives.ReadUInt32LittleEndian(bytes) == Magic;
        if (bytes.Length < LegacyHeader)
        {
            throw new ModelFileException($"{path} has {bytes.Length} bytes; a llama2.c checkpoint begins with a header of {LegacyHeader}.");
        }

        if (versioned && BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]) is var version and not 1)
        {
            throw new ModelFileException(
                $"{path} is a llama2.c checkpoint of version {version}; supported are the legacy layout and version 1 (32-bit floats)."
            );
        }

        var numbers = new int[7];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[((versioned ? 8 : 0) + 4 * i)..]);
        }

        // The legacy layout says by a negative vocabulary that the head is not the embedding; version 1 has a byte for it.
        var config = ConfigOf(path, numbers, versioned ? bytes[36] == 1 : numbers[5] > 0);
        var start = versioned ? VersionedHeader : LegacyHeader;
        return new Header(config, start, versioned, start + 4 * Floats(config, versioned));
    }

    /// <param name="numbers">Of the header, in its order.</param>
    private static TransformerConfig ConfigOf(string path, int[] numbers, bool tied)
    {
        var config = TransformerConfig.Llama(
            Math.Abs(Math.Max(numbers[5], -int.MaxValue)),
            numbers[0],
            numbers[2],
            numbers[3],
            numbers[4],
            numbers[1],
            numbers[6]
        ) with
        {
            TiedHead = tied,
        };
        return config.Problems().ToArray() is { Length: > 0 } problems
            ? throw new ModelFileException($"{path} is not a llama2.c checkpoint: read as one, {string.Join(" ", problems)}")
            : config;
    }

    private static Int128 Floats(TransformerConfig config, bool versioned)
    {
        // Sizes that a hostile header claims would overflow 64 bits.
        var (width, layers) = ((Int128)config.Width, (Int128)config.Layers);
        var layer = 2 * width + 2 * width * width + 2 * width * config.KeyValueWidth + 3 * width * config.HiddenWidth;
        var tables = versioned ? 0 : (Int128)config.ContextLength * config.HeadWidth;
        return layers * layer + width + tables + config.VocabularySize * width * (config.TiedHead ? 1 : 2);
    }

    private static LanguageModel ReadWeights(string path, FileStream file, Header header)
    {
        var config = header.Config;
        var model = new LanguageModel(config);
        try
        {
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            foreach (var part in header.Versioned ? VersionedOrder(config) : LegacyOrder(config))
            {
                if (part.Slot is null)
                {
                    file.Seek(4 * part.Rows * part.Columns, SeekOrigin.Current);
                    continue;
                }

                var values = new float[part.Rows * part.Columns];
                file.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
                CheckFinite(path, part, values);
                var given = tensor(values).view(part.Rows, part.Columns);
                var rows = model.Weights[part.Slot].view(-1, part.Columns).narrow(0, part.FirstRow, part.Rows);
                rows.copy_(part.Heads > 0 ? HalvesFromPairs(given, part.Heads) : given);
            }

            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Rows 0, 2, 4, ... of each head, then rows 1, 3, 5, ...: pairs that turned side by side now lie half a head apart.</summary>
    private static Tensor HalvesFromPairs(Tensor rows, int heads)
    {
        var (count, columns) = (rows.size(0), rows.size(1));
        return rows.view(heads, count / heads / 2, 2, columns).transpose(1, 2).reshape(count, columns);
    }

    private static void CheckFinite(string path, Part part, float[] values)
    {
        var at = Array.FindIndex(values, value => !float.IsFinite(value));
        if (at >= 0)
        {
            throw new ModelFileException(
                $"{path}: the weights '{part.Slot}' hold {values[at]} at element {at}. The file is damaged, or the training "
                    + "that wrote it diverged."
            );
        }
    }

    /// <summary>One stretch of the file; without a slot it is skipped.</summary>
    /// <param name="Heads">Where rows are queries or keys: how many heads they are.</param>
    private sealed record Part(string? Slot, long Rows, long Columns, long FirstRow = 0, int Heads = 0);

    private static IEnumerable<Part> LegacyOrder(TransformerConfig config)
    {
        var tables = (long)config.ContextLength * config.HeadWidth;
        return
        [
            new("tokens", config.VocabularySize, config.Width),
            .. Each(config, Norm1),
            .. Each(config, Query),
            .. Each(config, Key),
            .. Each(config, Value),
            .. Each(config, Out),
            .. Each(config, Norm2),
            .. Each(config, Gate),
            .. Each(config, Down),
            .. Each(config, Up),
            new("norm.weight", 1, config.Width),
            new(null, 1, tables),
            .. Head(config),
        ];
    }

    private static IEnumerable<Part> VersionedOrder(TransformerConfig config) =>
        [
            .. Each(config, Norm1),
            .. Each(config, Norm2),
            new("norm.weight", 1, config.Width),
            new("tokens", config.VocabularySize, config.Width),
            .. Each(config, Query),
            .. Each(config, Key),
            .. Each(config, Value),
            .. Each(config, Out),
            .. Each(config, Gate),
            .. Each(config, Down),
            .. Each(config, Up),
            .. Head(config),
        ];

    private static IEnumerable<Part> Each(TransformerConfig config, Func<TransformerConfig, string, Part> part) =>
        Enumerable.Range(0, config.Layers).Select(layer => part(config, $"layers.{layer}"));

    private static Part[] Head(TransformerConfig config) => config.TiedHead ? [] : [new("head", config.VocabularySize, config.Width)];

    private static Part Norm1(TransformerConfig c, string at) => new($"{at}.norm1.weight", 1, c.Width);

    private static Part Norm2(TransformerConfig c, string at) => new($"{at}.norm2.weight", 1, c.Width);

    private static Part Query(TransformerConfig c, string at) => new($"{at}.qkv.weight", c.Width, c.Width, 0, c.Heads);

    private static Part Key(TransformerConfig c, string at) => new($"{at}.qkv.weight", c.KeyValueWidth, c.Width, c.Width, c.KeyValueHeads);

    private static Part Value(TransformerConfig c, string at) =>
        new($"{at}.qkv.weight", c.KeyValueWidth, c.Width, c.Width + c.KeyValueWidth);

    private static Part Out(TransformerConfig c, string at) => new($"{at}.out.weight", c.Width, c.Width);

    private static Part Gate(TransformerConfig c, string at) => new($"{at}.up.weight", c.HiddenWidth, c.Width);

    private static Part Up(TransformerConfig c, string at) => new($"{at}.up.weight", c.HiddenWidth, c.Width, c.HiddenWidth);

    private static Part Down(TransformerConfig c, string at) => new($"{at}.down.weight", c.Width, c.HiddenWidth);
}
