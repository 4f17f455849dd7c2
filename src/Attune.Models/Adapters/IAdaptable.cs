using Attune.Models.Configuration;
using Attune.Models.Weights;
using static TorchSharp.torch;

namespace Attune.Models.Adapters;

/// <summary>A model as an adapter sees it: the frozen weights that it is trained beside.</summary>
internal interface IAdaptable
{
    TransformerConfig Config { get; }

    FlatParameters Weights { get; }

    /// <summary>The matrix of one linear map, without an adapter.</summary>
    /// <param name="map">As in "layers.3.qkv".</param>
    /// <returns>[outputs, inputs], float32</returns>
    Tensor MatrixOf(string map);
}
