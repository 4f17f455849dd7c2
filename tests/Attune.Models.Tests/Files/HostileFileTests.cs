using System.Text;
using Attune.Core;
using Attune.Models.Files;
using Attune.Testing;
using CsCheck;

namespace Attune.Models.Tests.Files;

/// <summary>Files that are damaged or made to harm: each gets one clear message, and nothing is read outside the file.</summary>
public sealed class HostileFileTests
{
    [Theory]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""",
        "'a' appears twice"
    )]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""",
        "'a' and 'b' overlap"
    )]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[8,24]}}""", "lies at bytes 8 to 24")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "lies at bytes 8 to 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "of shape [3] and type F32 has 8 bytes")]
    [InlineData("""{"a":{"dtype":"BF16","shape":[3,3],"data_offsets":[0,16]}}""", "of shape [3, 3] and type BF16 has 16 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", "has 0 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807,3],"data_offsets":[0,16]}}""", "has 16 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "lacks dtype, shape or data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,8]}}""", "lacks dtype, shape or data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""", "lacks dtype, shape or data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}""", "lacks dtype, shape or data_offsets")]
    [InlineData("""{"a":{"dtype":7,"shape":[2],"data_offsets":[0,8]}}""", "lacks dtype, shape or data_offsets")]
    [InlineData("""{"a":7}""", "lacks dtype, shape or data_offsets")]
    [InlineData("""{"a":{"dtype":"I64","shape":[3],"data_offsets":[0,16]}}""", "of shape [3] and type I64 has 16 bytes")]
    [InlineData("[]", "its header is not a JSON object")]
    [InlineData("{", "its header is not JSON")]
    [InlineData("", "its header is not JSON")]
    [InlineData("""{"a":[[[[[[[[[[[[1]]]]]]]]]]]]}""", "its header is not JSON")]
    public void A_header_that_lies_is_refused(string header, string message) =>
        Assert.Contains(message, Refusal(File(header, 16)), StringComparison.Ordinal);

    [Theory]
    [InlineData("I64", 2)]
    [InlineData("BOOL", 16)]
    [InlineData("F4", 7)]
    public void A_buffer_of_another_type_is_refused_only_when_it_is_read(string type, int elements)
    {
        using var folder = new TemporaryFolder();
        var header = $$$"""{"a":{"dtype":"{{{type}}}","shape":[{{{elements}}}],"data_offsets":[0,16]}}""";
        System.IO.File.WriteAllBytes(folder.File("x"), File(header, 16));
        using var file = new SafeTensorsFile(folder.File("x"));
        var entry = Assert.Single(file.Entries);
        Assert.Contains(
            $"has type {type}; expected F32, BF16 or F16",
            Assert.Throws<ModelFileException>(() => file.Read(entry, new float[entry.Length])).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_pointer_and_a_web_page_are_named_as_what_they_are()
    {
        Assert.Contains(
            "is a Git LFS pointer",
            Refusal("version https://git-lfs.github.com/spec/v1\n"u8.ToArray()),
            StringComparison.Ordinal
        );
        Assert.Contains("is a web page", Refusal("<!DOCTYPE html><html></html>"u8.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_length_beyond_the_file_is_refused()
    {
        Assert.Contains("it has 0 bytes", Refusal([]), StringComparison.Ordinal);
        Assert.Contains("it has 3 bytes", Refusal([1, 2, 3]), StringComparison.Ordinal);
        Assert.Contains(
            "its header claims 18446744073709551615 bytes",
            Refusal([255, 255, 255, 255, 255, 255, 255, 255, 0]),
            StringComparison.Ordinal
        );
        Assert.Contains("its header claims 9 bytes, but the file has 2", Refusal([9, 0, 0, 0, 0, 0, 0, 0, 0, 0]), StringComparison.Ordinal);
    }

    [Fact]
    public void An_absent_file_and_a_folder_are_refused()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(
            "cannot be read",
            Assert.Throws<ModelFileException>(() => new SafeTensorsFile(folder.File("none"))).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "cannot be read",
            Assert.Throws<ModelFileException>(() => new SafeTensorsFile(folder.Path)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("mixtral")]
    [InlineData("qwen3_moe")]
    [InlineData("gpt_oss")]
    public void A_truncated_or_garbled_file_gives_a_model_file_exception_or_loads(string family)
    {
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Random(
            (family == "gpt2" ? TinyModels.Gpt2 : TinyModels.OfFamily(family)) with
            {
                Layers = 1,
                WindowedLayers = null,
            }
        );
        ModelFiles.Save(model, folder.Path);
        var path = folder.File("model.safetensors");
        var whole = System.IO.File.ReadAllBytes(path);
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Int[0, 2000], Gen.Byte)
            .Sample(
                (length, position, value) =>
                {
                    var garbled = (byte[])whole.Clone();
                    garbled[position] = value;
                    foreach (var bytes in new[] { whole[..length], garbled })
                    {
                        System.IO.File.WriteAllBytes(path, bytes);
                        try
                        {
                            ModelFiles.LoadLanguageModel(folder.Path).Dispose();
                            Assert.Equal(whole.Length, bytes.Length);
                        }
                        catch (ModelFileException refusal)
                        {
                            Assert.Contains(folder.Path, refusal.Message, StringComparison.Ordinal);
                        }
                    }
                },
                iter: family == "gpt2" ? 400 : 100,
                threads: 1
            );
    }

    /// <summary>The other files of a model folder, bytes changed, cut or nested: a model, or a message.</summary>
    [Theory]
    [InlineData("config.json", "gpt2")]
    [InlineData("config.json", "mixtral")]
    [InlineData("config.json", "qwen3_moe")]
    [InlineData("config.json", "gpt_oss")]
    [InlineData("model.safetensors.index.json", "gpt2")]
    public void A_garbled_file_beside_the_weights_gives_a_model_file_exception_or_loads(string name, string family)
    {
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Random(
            (family == "gpt2" ? TinyModels.Gpt2 : TinyModels.OfFamily(family)) with
            {
                Layers = 1,
                WindowedLayers = null,
            }
        );
        ModelFiles.Save(model, folder.Path);
        if (name != "config.json")
        {
            System.IO.File.Move(folder.File("model.safetensors"), folder.File("shard-1.safetensors"));
            folder.WriteText(
                name,
                """{"metadata": {"total_size": 1}, "weight_map": {"transformer.wte.weight": "shard-1.safetensors", "transformer.wpe.weight": "shard-1.safetensors"}}"""
            );
        }

        ModelFiles.LoadLanguageModel(folder.Path).Dispose();
        var whole = System.IO.File.ReadAllBytes(folder.File(name));
        void Try(byte[] bytes)
        {
            System.IO.File.WriteAllBytes(folder.File(name), bytes);
            try
            {
                ModelFiles.LoadLanguageModel(folder.Path).Dispose();
            }
            catch (ModelFileException refusal)
            {
                Assert.Contains(folder.Path, refusal.Message, StringComparison.Ordinal);
                Assert.InRange(refusal.Message.Length, 10, 5000);
            }
        }

        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Int[0, whole.Length - 1], Gen.Byte)
            .Sample(
                (length, position, value) =>
                {
                    var garbled = (byte[])whole.Clone();
                    garbled[position] = value;
                    Try(whole[..length]);
                    Try(garbled);
                },
                iter: family == "gpt2" ? 300 : 100,
                threads: 1
            );
        Try(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("{\"weight_map\":", 100_000))));
        Try(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("[", 100_000))));
    }

    [Fact]
    public void Half_precision_numbers_are_read_exactly()
    {
        using var folder = new TemporaryFolder();
        var data = new byte[8];
        BitConverter.TryWriteBytes(data, (Half)1.5f);
        BitConverter.TryWriteBytes(data.AsSpan(2), (Half)(-0.0009765625f));
        BitConverter.TryWriteBytes(data.AsSpan(4), (ushort)0x3F80);
        BitConverter.TryWriteBytes(data.AsSpan(6), (ushort)0xC020);
        var path = folder.File("x");
        var header = """{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"BF16","shape":[2,1],"data_offsets":[4,8]}}""";
        System.IO.File.WriteAllBytes(path, [.. File(header, 0), .. data]);
        using var file = new SafeTensorsFile(path);
        var values = new float[2];
        file.Read(file.Find("h")!, values);
        Assert.Equal([1.5f, -0.0009765625f], values);
        file.Read(file.Find("b")!, values);
        Assert.Equal([1f, -2.5f], values);
    }

    [Fact]
    public void A_llama2c_checkpoint_of_the_wrong_length_or_kind_is_refused()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("has 5 bytes", Import(folder, [1, 2, 3, 4, 5]), StringComparison.Ordinal);
        Assert.Contains(
            "is not a llama2.c checkpoint",
            Import(folder, Encoding.ASCII.GetBytes("This is a text and no model at all.")),
            StringComparison.Ordinal
        );
        Assert.Contains("which take 1056540", Import(folder, Header(64, 172, 5, 8, 4, 512, 512)), StringComparison.Ordinal);
        Assert.Contains("Width is -1", Import(folder, Header(-1, 172, 5, 8, 4, 512, 512)), StringComparison.Ordinal);
        Assert.Contains("truncated", Import(folder, Header(16777216, 16777216, 4096, 8, 8, 16777216, 16777216)), StringComparison.Ordinal);
        Assert.Contains(
            "VocabularySize is 2147483647",
            Import(folder, Header(64, 172, 5, 8, 4, int.MinValue, 512)),
            StringComparison.Ordinal
        );
        byte[] versioned = [0x32, 0x34, 0x6b, 0x61, 2, 0, 0, 0, .. new byte[248]];
        Assert.Contains("version 2", Import(folder, versioned), StringComparison.Ordinal);
        Assert.Contains(
            "cannot be read",
            Assert.Throws<ModelFileException>(() => Llama2CCheckpoint.Import(folder.File("none"))).Message,
            StringComparison.Ordinal
        );
    }

    private static byte[] Header(params int[] numbers) => [.. numbers.SelectMany(BitConverter.GetBytes), .. new byte[300]];

    private static string Import(TemporaryFolder folder, byte[] bytes)
    {
        System.IO.File.WriteAllBytes(folder.File("model.bin"), bytes);
        return Assert.Throws<ModelFileException>(() => Llama2CCheckpoint.Import(folder.File("model.bin"))).Message;
    }

    private static byte[] File(string header, int dataBytes)
    {
        var json = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. new byte[dataBytes]];
    }

    private static string Refusal(byte[] bytes)
    {
        using var folder = new TemporaryFolder();
        System.IO.File.WriteAllBytes(folder.File("x.safetensors"), bytes);
        return Assert.Throws<ModelFileException>(() => new SafeTensorsFile(folder.File("x.safetensors"))).Message;
    }
}
