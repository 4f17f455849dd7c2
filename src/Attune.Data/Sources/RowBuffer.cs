using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Attune.Data.Sources;

/// <summary>Makes JSON elements, one after the other, by writing them.</summary>
internal sealed class RowBuffer : IDisposable
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;

    public RowBuffer() => _json = new Utf8JsonWriter(_buffer, Compact);

    public JsonElement Make(Action<Utf8JsonWriter> write)
    {
        _buffer.ResetWrittenCount();
        _json.Reset();
        write(_json);
        _json.Flush();
        using var document = JsonDocument.Parse(_buffer.WrittenMemory);
        return document.RootElement.Clone();
    }

    public void Dispose() => _json.Dispose();
}
