namespace Ashlar.Inference.Models.RecurrentTranslation;

/// <summary>What a decoder reads of one source; shared by every state that translates it.</summary>
/// <param name="Length">Tokens of the source.</param>
/// <param name="Start">Its first row in the arrays, which hold the sources that were encoded together.</param>
/// <param name="Memory">[rows, memory width]: the encoder's outputs.</param>
/// <param name="Keys">[rows, key width]: what scores compare queries with.</param>
/// <param name="Sentence">[memory width]: the sentence vector; empty where nobody needs it.</param>
/// <param name="Initial">The decoder's first state, in the layout of <see cref="RecurrentTranslationState.Values"/>.</param>
internal sealed record RecurrentSource(int Length, int Start, float[] Memory, float[] Keys, float[] Sentence, float[] Initial);
